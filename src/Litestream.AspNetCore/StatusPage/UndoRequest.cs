namespace Litestream.AspNetCore.StatusPage;

/// <summary>Which database is put back.</summary>
/// <param name="Database">The name of the database.</param>
/// <param name="Previous">The file as the history names it.</param>
internal sealed record UndoRequest(string? Database, string? Previous);
