namespace Litestream.Storage;

/// <summary>
/// Makes clients for folders: <c>file:///full/path</c>, whose path is taken as it stands (no percent-decoding), or a plain
/// path. A leading <c>~</c> is the user's home; other relative paths start from the content root.
/// </summary>
internal sealed class FileReplicaClientFactory : IReplicaClientFactory
{
    private const string Prefix = "file://";

    /// <summary>The scheme of <c>file://</c> URLs and of plain paths.</summary>
    public IReadOnlyCollection<string> Schemes { get; } = ["file"];

    /// <inheritdoc/>
    public IReplicaClient Create(ReplicaClientContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var folder = context.Url;
        if (folder.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            folder = folder[Prefix.Length..];

            // file:///C:/folder
            if (OperatingSystem.IsWindows() && folder.Length > 2 && folder[0] == '/' && folder[2] == ':')
            {
                folder = folder[1..];
            }
        }

        if (string.IsNullOrWhiteSpace(folder) || folder.Contains("://", StringComparison.Ordinal))
        {
            throw new ArgumentException(
                $"The URL of {context} names no folder: write file:///full/path, or the path alone.", nameof(context));
        }

        return new FileReplicaClient(Resolve(folder, context.ContentRoot), context.DatabasePath);
    }

    private static string Resolve(string folder, string contentRoot)
    {
        if (folder == "~" || (folder.StartsWith('~') && folder.Length > 1 && IsSeparator(folder[1])))
        {
            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            return Path.GetFullPath(Path.Join(home, folder[1..]));
        }

        return Path.GetFullPath(folder, Path.GetFullPath(contentRoot));
    }

    private static bool IsSeparator(char c) => c == Path.DirectorySeparatorChar || c == Path.AltDirectorySeparatorChar;
}
