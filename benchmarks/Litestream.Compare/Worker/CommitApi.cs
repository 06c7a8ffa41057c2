namespace Litestream.Compare.Worker;

/// <summary>How an application talks to SQLite.</summary>
internal enum CommitApi
{
    /// <summary>SQLite's own functions.</summary>
    Raw,

    /// <summary>Microsoft.Data.Sqlite.</summary>
    Sqlite,

    /// <summary>Entity Framework Core.</summary>
    EntityFramework,
}
