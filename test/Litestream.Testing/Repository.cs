namespace Litestream.Testing;

/// <summary>The work tree that the tests were built from.</summary>
public static class Repository
{
    /// <summary>The folder of the solution. Found from the test's own folder: under CI the compiler hides source paths.</summary>
    public static string Root { get; } = FindRoot();

    public static string Combine(params string[] parts) => Path.Combine([Root, .. parts]);

    private static string FindRoot()
    {
        for (var folder = new System.IO.DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Litestream.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No Litestream.sln above {AppContext.BaseDirectory}.");
    }
}
