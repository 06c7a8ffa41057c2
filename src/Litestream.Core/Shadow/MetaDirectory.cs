using System.Globalization;
using Litestream.Storage;

namespace Litestream.Shadow;

/// <summary>
/// The folder beside the database that holds what is ours: the lock, the state, the shadow and the spool.
/// </summary>
/// <remarks>
/// <code>
/// lock                               held for life by the one process that replicates the database
/// state                              ShadowState
/// generations/G/IIIIIIII.wal         ShadowFile
/// generations/G/IIIIIIII.times
/// spool/                             compressed objects on their way; emptied at start
/// </code>
/// Not Litestream's own directory: the two programs would delete each other's generations.
/// </remarks>
internal sealed class MetaDirectory(string path, string databasePath)
{
    public string Path { get; } = path;

    public string SpoolPath => System.IO.Path.Combine(Path, "spool");

    private string StatePath => System.IO.Path.Combine(Path, "state");

    private string GenerationsPath => System.IO.Path.Combine(Path, "generations");

    /// <summary>Where the folder of a database lies by default.</summary>
    public static string DefaultPath(string databasePath) => System.IO.Path.Combine(
        System.IO.Path.GetDirectoryName(databasePath)!,
        $".{System.IO.Path.GetFileName(databasePath)}-litestream-net");

    /// <summary>Makes the folder itself, where the lock lies. Others who may not read the database may not read its copy either.</summary>
    public void CreateRoot() => CreateDirectory(Path);

    /// <summary>Makes the folders and empties the spool. For the one who holds the lock.</summary>
    public void Create()
    {
        CreateDirectory(Path);
        CreateDirectory(GenerationsPath);
        if (Directory.Exists(SpoolPath))
        {
            Directory.Delete(SpoolPath, recursive: true);
        }

        CreateDirectory(SpoolPath);
        Restrict(GenerationsPath);
        Restrict(SpoolPath);
    }

    /// <summary>Tries once to become the one who replicates the database.</summary>
    /// <returns>The lock, to be disposed when done; null if another process, or another host of this one, holds it.</returns>
    public FileStream? TryLock()
    {
        try
        {
            return new FileStream(
                System.IO.Path.Combine(Path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
        }
        catch (IOException exception) when (IsHeldElsewhere(exception))
        {
            return null;
        }
    }

    /// <summary>Reads the state.</summary>
    /// <param name="problem">Why there is none although there is a file; null if there is no file.</param>
    public ShadowState? ReadState(out string? problem)
    {
        problem = null;
        return File.Exists(StatePath) ? ShadowState.Decode(File.ReadAllBytes(StatePath), out problem) : null;
    }

    /// <summary>Writes the state, durably.</summary>
    public void WriteState(ShadowState state) => AtomicFile.Write(StatePath, state.Encode());

    /// <summary>Forgets the generation: the next start begins a new one.</summary>
    public void DeleteState() => File.Delete(StatePath);

    /// <summary>The file of one index; its folder exists afterwards.</summary>
    public ShadowFile ShadowFile(string generation, int index)
    {
        var folder = System.IO.Path.Combine(GenerationsPath, generation);
        CreateDirectory(folder);
        return new ShadowFile(
            System.IO.Path.Combine(folder, index.ToString("x8", CultureInfo.InvariantCulture) + ".wal"), generation, index);
    }

    /// <summary>The indexes of a generation that lie in its folder, ascending.</summary>
    public IReadOnlyList<int> Indexes(string generation)
    {
        var folder = System.IO.Path.Combine(GenerationsPath, generation);
        if (!Directory.Exists(folder))
        {
            return [];
        }

        var indexes = new List<int>();
        foreach (var file in Directory.EnumerateFiles(folder, "*.wal"))
        {
            var stem = System.IO.Path.GetFileNameWithoutExtension(file);
            if (stem.Length == 8 && int.TryParse(stem, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var index) && index >= 0)
            {
                indexes.Add(index);
            }
        }

        indexes.Sort();
        return indexes;
    }

    /// <summary>Removes the folder of a generation that nobody needs any more.</summary>
    public void DeleteGeneration(string generation)
    {
        var folder = System.IO.Path.Combine(GenerationsPath, generation);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The generations that have a folder.</summary>
    public IReadOnlyList<string> Generations() =>
        Directory.Exists(GenerationsPath)
            ? Directory.EnumerateDirectories(GenerationsPath)
                .Select(folder => System.IO.Path.GetFileName(folder))
                .Where(Shadow.Generation.IsName)
                .ToArray()
            : [];

    /// <summary>A sharing violation: EWOULDBLOCK of flock on Linux and macOS, ERROR_SHARING_VIOLATION on Windows.</summary>
    private static bool IsHeldElsewhere(IOException exception) =>
        exception.HResult is 11 or 35 or unchecked((int)0x80070020);

    /// <summary>
    /// Closes a folder of ours to those who may not read the database file: what is in it is made of that, and the folder
    /// beside which it lies may be open to all.
    /// </summary>
    private void Restrict(string folder)
    {
        if (OperatingSystem.IsWindows() || !File.Exists(databasePath))
        {
            return;
        }

        var database = File.GetUnixFileMode(databasePath);
        var mode = File.GetUnixFileMode(folder);
        var allowed = mode
            & ~((database & UnixFileMode.GroupRead) == 0 ? UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute : 0)
            & ~((database & UnixFileMode.OtherRead) == 0 ? UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute : 0);
        if (allowed != mode)
        {
            File.SetUnixFileMode(folder, allowed);
        }
    }

    private void CreateDirectory(string folder)
    {
        if (Directory.Exists(folder))
        {
            return;
        }

        // Durable names: after a power cut the state must not speak of an index that has lost its folder.
        var parent = System.IO.Path.GetDirectoryName(databasePath)!;
        UnixFileMode? mode = OperatingSystem.IsWindows() || !Directory.Exists(parent)
            ? null
            : File.GetUnixFileMode(parent) | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        AtomicFile.CreateDirectory(folder, mode);
    }
}
