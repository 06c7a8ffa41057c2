namespace Litestream.Hosting;

/// <summary>How far the replication has come in the life of its host.</summary>
internal enum HostStage
{
    /// <summary>Nothing has been done yet.</summary>
    New,

    /// <summary>What was missing is restored, and the databases are open.</summary>
    Prepared,

    /// <summary>The loops run.</summary>
    Running,

    /// <summary>Stopped with the host.</summary>
    Stopped,

    /// <summary>Restoring or opening failed; the application does not start.</summary>
    Failed,
}
