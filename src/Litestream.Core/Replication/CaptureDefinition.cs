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
}
