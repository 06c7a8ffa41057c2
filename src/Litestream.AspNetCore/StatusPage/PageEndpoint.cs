namespace Litestream.AspNetCore.StatusPage;

/// <summary>Marks what belongs to the page: it changes no database, so no response of it waits for a replica.</summary>
internal sealed class PageEndpoint;
