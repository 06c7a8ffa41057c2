namespace Litestream.Compare.Worker;

/// <summary>An application's connection, which inserts a row of 500 bytes and commits.</summary>
internal interface ICommitter : IDisposable
{
    /// <summary>Commits one.</summary>
    /// <returns>How often the database was busy, as far as the application sees it.</returns>
    int Commit();
}
