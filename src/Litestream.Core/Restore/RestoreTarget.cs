using Litestream.Diagnostics;
using Litestream.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Litestream.Restore;

/// <summary>
/// The file to be made. Until <see cref="Publish"/> nothing at the target or beside it changes but for temporary files of
/// our own, which are gone when this is disposed.
/// </summary>
internal sealed class RestoreTarget : IDisposable
{
    // SQLite would replay any of these into a file of the same name: each is judged by its own checksums only.
    private static readonly string[] SideFiles = ["-wal", "-shm", "-journal"];

    private readonly ILogger _logger;
    private readonly string _directory;
    private readonly IReadOnlyList<string> _created;
    private readonly TemporaryFile _temporary;
    private SafeFileHandle? _file;
    private bool _published;

    /// <exception cref="IOException">The target exists, or something beside it is in use.</exception>
    public RestoreTarget(string outputPath, ILogger logger)
    {
        _logger = logger;
        Path = System.IO.Path.GetFullPath(outputPath);
        foreach (var left in TemporaryFile.RemoveStale(Path))
        {
            _logger.RestoreLeftoverRemoved(left);
        }

        RequireFree();
        _directory = System.IO.Path.GetDirectoryName(Path) ?? throw new IOException($"'{Path}' cannot be a database file.");
        _created = AtomicFile.CreateDirectory(_directory);

        try
        {
            _temporary = new TemporaryFile(Path);
        }
        catch
        {
            RemoveCreated();
            throw;
        }
    }

    /// <summary>Where the database will be.</summary>
    public string Path { get; }

    /// <summary>Where it is made, in the same folder: a rename puts it in place.</summary>
    public string TemporaryPath => _temporary.Path;

    /// <summary>For frames that wait for their commit; removed with the rest.</summary>
    public string ScratchPath => _temporary.ScratchPath;

    /// <summary>
    /// Creates the temporary file anew, for its owner alone: who may read the database is for whoever restores it to say,
    /// and Litestream does the same. It stays open until it is published or created again.
    /// </summary>
    public SafeFileHandle OpenTemporary()
    {
        _file?.Dispose();
        _file = File.OpenHandle(TemporaryPath, FileMode.Create, FileAccess.ReadWrite, FileShare.Read);
        FileAccessRights.ForOwnerAlone(_file);
        return _file;
    }

    /// <summary>
    /// Puts what was written on disk, while the caller reads it. By the handle it was written with: only that is sure to be
    /// told of a write that failed behind our back.
    /// </summary>
    public async Task FlushAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        RandomAccess.FlushToDisk(_file!);
    }

    /// <summary>Puts the finished file in place, never over another one. It must have been flushed to disk.</summary>
    public void Publish()
    {
        _file?.Dispose();
        RequireFree();
        var stale = SideFiles.Select(suffix => Path + suffix).Where(File.Exists).ToList();
        foreach (var path in stale)
        {
            _logger.RestoreStaleSideFile(path);
            File.Delete(path);
        }

        if (stale.Count > 0)
        {
            // Gone for good before the database is there: a power cut must not bring them back beside it.
            AtomicFile.SyncDirectory(_directory);
        }

        _published = AtomicFile.Publish(TemporaryPath, Path, overwrite: false);
        if (!_published)
        {
            throw Exists();
        }
    }

    public void Dispose()
    {
        _file?.Dispose();
        _temporary.Dispose();
        if (!_published)
        {
            RemoveCreated();
        }
    }

    private void RequireFree()
    {
        if (System.IO.Path.Exists(Path))
        {
            throw Exists();
        }

        foreach (var path in SideFiles.Select(suffix => Path + suffix).Where(System.IO.Path.Exists))
        {
            if (SideFileUse.IsInUse(path))
            {
                throw new IOException($"'{path}' is in use by a process that still has the deleted database open. End it, then restore.");
            }
        }
    }

    private IOException Exists() =>
        new($"'{Path}' exists. A restore never replaces a file: move it away, or restore to another path.");

    private void RemoveCreated()
    {
        try
        {
            foreach (var folder in _created.Reverse())
            {
                Directory.Delete(folder);
            }
        }
        catch (IOException)
        {
            // Somebody put something there meanwhile: it stays.
        }
    }
}
