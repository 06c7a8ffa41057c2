using System.Text.RegularExpressions;

namespace Litestream.Crash.Durability;

/// <summary>One call as strace saw it.</summary>
/// <param name="Name">pwrite64, fsync, rename, …</param>
/// <param name="Arguments">As strace prints them.</param>
/// <param name="Start">The line on which it began.</param>
/// <param name="End">The line on which it returned.</param>
internal sealed partial record SystemCall(string Name, string Arguments, int Start, int End)
{
    /// <summary>The file behind the first argument, a handle.</summary>
    public string Handle => HandlePath().Match(Arguments).Groups["path"].Value;

    /// <summary>The paths that it names, in order.</summary>
    public IReadOnlyList<string> Paths => [.. QuotedText().Matches(Arguments).Select(match => match.Groups["text"].Value)];

    public bool IsSync => Name is "fsync" or "fdatasync";

    public bool IsWrite => Name is "write" or "pwrite64" or "writev" or "pwritev" or "ftruncate" or "fallocate" or "copy_file_range";

    /// <summary>A name that it gave: to a folder, to a new file, or to a finished one.</summary>
    public string? Named => Name switch
    {
        "mkdir" or "mkdirat" => Paths[0],
        "link" or "linkat" or "rename" or "renameat" or "renameat2" => Paths[1],
        "openat" when Arguments.Contains("O_CREAT", StringComparison.Ordinal) => Paths[0],
        _ => null,
    };

    /// <summary>The name that a finished file had before.</summary>
    public string? Source => Name is "link" or "linkat" or "rename" or "renameat" or "renameat2" ? Paths[0] : null;

    /// <summary>A name that it took away.</summary>
    public string? Removed => Name is "unlink" or "unlinkat" or "rmdir" or "rename" or "renameat" or "renameat2" ? Paths[0] : null;

    [GeneratedRegex(@"^\d+<(?<path>[^>]*)>")]
    private static partial Regex HandlePath();

    [GeneratedRegex("\"(?<text>[^\"]*)\"")]
    private static partial Regex QuotedText();
}
