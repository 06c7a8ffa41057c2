namespace Litestream.AspNetCore;

/// <summary>An endpoint that uses no database: it is not held off while one is exchanged, nor waited for.</summary>
internal sealed class AllowedDuringRestore;
