using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Litestream.Storage;

namespace Litestream;

/// <summary>Keeps a replica in a folder. Safe for concurrent calls, also of several processes.</summary>
/// <remarks>
/// Objects are files below the folder, written whole and synced before a call returns. Files that end in <c>.tmp</c> are
/// unfinished writes and are not seen; what killed processes left of theirs is removed by the first write of a later one.
/// The folder is created by the first write; as long as it is not there, it holds nothing.
/// </remarks>
public sealed class FileReplicaClient : IReplicaClient
{
    private const int CopyBufferSize = 256 * 1024;

    // A folder can be removed by a delete that empties it between its creation and the file's: then it is made again.
    private const int FolderAttempts = 5;

    private readonly string _root;
    private readonly FileAccessRights _rights;
    private readonly FolderSync _folders;
    private int _looked; // for what others left: once, after the first write, which tells the time there

    /// <summary>Creates a client. Does not touch the folder.</summary>
    /// <param name="directory">The folder; relative to the current directory if it is not full.</param>
    public FileReplicaClient(string directory)
        : this(directory, databasePath: null)
    {
    }

    /// <param name="directory">The folder.</param>
    /// <param name="databasePath">The database whose access rights and owner are copied to what is created.</param>
    internal FileReplicaClient(string directory, string? databasePath)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        _rights = new FileAccessRights(databasePath);
        _folders = new FolderSync(_root);
        Location = FolderUri.Of(_root);
    }

    /// <inheritdoc/>
    public Uri Location { get; }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ReplicaObject> ListAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ReplicaKey.CheckPrefix(prefix);
        await Task.CompletedTask.ConfigureAwait(false);
        string? folder = null;
        foreach (var found in FileListing.Objects(_root, prefix))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Path.GetDirectoryName(Path.Join(_root, found.Key)) is { } next && next != folder)
            {
                // Whoever lists may conclude that what is there is safe.
                folder = next;
                _folders.TrySync(folder);
            }

            yield return found;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<string> ListPrefixesAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ReplicaKey.CheckFolderPrefix(prefix);
        await Task.CompletedTask.ConfigureAwait(false);
        foreach (var name in FileListing.Folders(_root, prefix))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return name;
        }
    }

    /// <inheritdoc/>
    public Task<Stream> OpenReadAsync(string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default)
    {
        var path = PathOf(key);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length ?? 0, nameof(length));
        return cancellationToken.IsCancellationRequested
            ? Task.FromCanceled<Stream>(cancellationToken)
            : Task.FromResult<Stream>(OpenRead(key, path, offset, length));
    }

    /// <inheritdoc/>
    public async Task<ReplicaObject> WriteAsync(
        string key, Stream seekableContent, WriteMode mode = WriteMode.Replace, CancellationToken cancellationToken = default)
    {
        var path = PathOf(key);
        ArgumentNullException.ThrowIfNull(seekableContent);
        if (!seekableContent.CanSeek)
        {
            throw new ArgumentException("The content must be seekable.", nameof(seekableContent));
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (mode == WriteMode.CreateNew && File.Exists(path))
        {
            throw Exists(key, path);
        }

        var temporary = AtomicFile.TemporaryPath(path);
        try
        {
            var file = CreateTemporary(temporary, path);
            ReplicaObject written;
            await using (file.ConfigureAwait(false))
            {
                var whole = seekableContent is SpooledFile spooled && spooled.TryTakePlaceOf(temporary, file.SafeFileHandle)
                    ? spooled
                    : await CopyAsync(seekableContent, file, path, cancellationToken).ConfigureAwait(false);
                _rights.TakeOwnerForFile(temporary);
                RandomAccess.FlushToDisk(whole.SafeFileHandle);
                written = new ReplicaObject(key, whole.Length, File.GetLastWriteTimeUtc(whole.SafeFileHandle));
            }

            if (!AtomicFile.Publish(temporary, path, overwrite: mode == WriteMode.Replace))
            {
                throw Exists(key, path);
            }

            _folders.SyncNames(Path.GetDirectoryName(path)!);
            if (Interlocked.Exchange(ref _looked, 1) == 0)
            {
                UnfinishedWrites.Remove(_root, written.CreatedAt);
            }

            return written;
        }
        catch (Exception exception)
        {
            AtomicFile.TryDelete(temporary);
            if (FileFailure.IsFileFailure(exception))
            {
                throw FileFailure.Explain(exception, "written", path);
            }

            throw;
        }
    }

    /// <inheritdoc/>
    /// <remarks>Stops at the first key that cannot be deleted. Folders that become empty are removed.</remarks>
    public Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        var paths = keys.Select(PathOf).ToList();
        var folders = new HashSet<string>();
        foreach (var path in paths)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                File.Delete(path);
                folders.Add(Path.GetDirectoryName(path)!);
            }
            catch (DirectoryNotFoundException)
            {
                // Neither is the file.
            }
            catch (Exception exception) when (FileFailure.IsFileFailure(exception))
            {
                // A folder of that name holds objects, and is none.
                if (!Directory.Exists(path))
                {
                    throw FileFailure.Explain(exception, "deleted", path);
                }
            }
        }

        foreach (var folder in folders)
        {
            RemoveEmpty(folder);
        }

        return Task.CompletedTask;
    }

    /// <summary>Holds nothing that must be let go.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static FileRangeStream OpenRead(string key, string path, long offset, long? length)
    {
        try
        {
            var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
            return new FileRangeStream(file, path, offset, length > long.MaxValue - offset ? long.MaxValue : offset + length ?? long.MaxValue);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException || Directory.Exists(path))
        {
            throw new ReplicaObjectNotFoundException($"There is no object '{key}' on the replica ('{path}').", key, exception);
        }
        catch (Exception exception) when (FileFailure.IsFileFailure(exception))
        {
            throw FileFailure.Explain(exception, "read", path);
        }
    }

    private FileStream CreateTemporary(string temporary, string path)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                foreach (var folder in AtomicFile.CreateDirectory(Path.GetDirectoryName(path)!, _rights.FolderMode))
                {
                    _rights.TakeOwnerForFolder(folder);
                }

                return AtomicFile.Create(temporary, _rights.FileMode);
            }
            catch (DirectoryNotFoundException) when (attempt < FolderAttempts)
            {
                // Removed in between.
            }
        }
    }

    private static async Task<FileStream> CopyAsync(Stream content, FileStream file, string path, CancellationToken cancellationToken)
    {
        using var buffer = new PooledBuffer();
        var part = buffer.Slice(CopyBufferSize);
        var expected = content.Length - content.Position;
        long copied = 0;
        for (int read; (read = await content.ReadAsync(part, cancellationToken).ConfigureAwait(false)) > 0; copied += read)
        {
            await file.WriteAsync(part[..read], cancellationToken).ConfigureAwait(false);
        }

        return copied == expected
            ? file
            : throw new ReplicaException($"'{path}' was not written: its content had {copied} bytes instead of {expected}.");
    }

    private void RemoveEmpty(string folder)
    {
        try
        {
            while (folder.Length > _root.Length && !Directory.EnumerateFileSystemEntries(folder).Any())
            {
                Directory.Delete(folder);
                folder = Path.GetDirectoryName(folder)!;
            }

            AtomicFile.SyncDirectory(folder);
        }
        catch (Exception exception) when (FileFailure.IsFileFailure(exception))
        {
            // Somebody else was faster, or uses it again. What was asked for is done.
        }
    }

    private string PathOf([NotNull] string? key)
    {
        ReplicaKey.CheckFile(key);
        return Path.Join(_root, ReplicaKey.ToPath(key));
    }

    private ReplicaObjectExistsException Exists(string key, string path)
    {
        try
        {
            // Who is told so may take the object for its own, and acknowledge it.
            _folders.Sync(Path.GetDirectoryName(path)!);
        }
        catch (DirectoryNotFoundException)
        {
            // Deleted meanwhile: it says so when it is read.
        }
        catch (IOException exception)
        {
            throw FileFailure.Explain(exception, "synced", path);
        }

        return new ReplicaObjectExistsException($"The object '{key}' is on the replica already.", key);
    }
}
