using Litestream.Sqlite;

namespace Litestream.Hosting;

/// <summary>The folder that relative paths in the options start from.</summary>
internal sealed class ContentRoot(string path)
{
    /// <summary>The full path of the folder.</summary>
    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>The full path with every symbolic link in it resolved, so that two names of one place are seen to be one.</summary>
    /// <exception cref="LitestreamException">The links form a circle.</exception>
    public string Resolve(string relativeOrFull) => SymbolicLinks.Resolve(System.IO.Path.GetFullPath(relativeOrFull, Path));
}
