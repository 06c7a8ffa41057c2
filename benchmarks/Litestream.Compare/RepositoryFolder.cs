namespace Litestream.Compare;

/// <summary>The work tree that this program was built from.</summary>
internal static class RepositoryFolder
{
    public static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Litestream.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No Litestream.sln above {AppContext.BaseDirectory}.");
    }
}
