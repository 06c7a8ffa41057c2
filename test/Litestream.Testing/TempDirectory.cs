namespace Litestream.Testing;

/// <summary>A folder of a test's own, removed with everything in it when the test ends.</summary>
public sealed class TempDirectory : IDisposable
{
    public TempDirectory()
    {
        Path = System.IO.Directory.CreateTempSubdirectory("litestream-net-").FullName;
    }

    /// <summary>Takes over a folder that is there.</summary>
    public TempDirectory(string path) => Path = path;

    public string Path { get; }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        try
        {
            System.IO.Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A file that is still open on Windows; the system's own clean-up of the temporary folder takes it.
        }
        catch (UnauthorizedAccessException)
        {
        }
    }
}
