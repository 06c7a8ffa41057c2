namespace Litestream.Replication;

/// <summary>The database that is captured, and how.</summary>
/// <param name="Name">Its name, for messages.</param>
/// <param name="Path">Its full path, symbolic links resolved.</param>
/// <param name="MetaPath">The full path of the folder of what is ours.</param>
/// <param name="Options">The rest.</param>
internal sealed record CaptureDefinition(string Name, string Path, string MetaPath, DatabaseOptions Options)
{
    /// <summary>Test only: see <see cref="Shadow.WalSyncSettings.Pause"/>.</summary>
    public Action? Pause { get; init; }

    /// <summary>Shared by the databases of a host.</summary>
    public HeavyWork Heavy { get; init; } = HeavyWork.Unshared;

    /// <summary>The size of the file, in bytes; 0 if there is none.</summary>
    public long FileSize => new FileInfo(Path) is { Exists: true } file ? file.Length : 0;

    /// <summary>What those get who wait for a pass while there is nothing to capture.</summary>
    public LitestreamException NotOpen(ReplicationState state) => new(
        state == ReplicationState.WaitingForOtherProcess
            ? $"The database '{Name}' is replicated by another process; this one takes over when that one lets go."
            : $"The database '{Name}' does not exist yet: there is no file '{Path}'.",
        innerException: null,
        isTransient: true);
}
