namespace Litestream.Crash;

/// <summary>Sees uploads to a folder replica by the file that is written beside its final name.</summary>
internal sealed class UploadInFlight(string replica)
{
    private readonly HashSet<string> _leftFromBefore = [.. TemporaryFiles(replica)];

    /// <summary>The object that was being written and was not finished; what an earlier kill left does not count.</summary>
    public string? Find() => TemporaryFiles(replica).FirstOrDefault(file => !_leftFromBefore.Contains(file));

    private static IEnumerable<string> TemporaryFiles(string folder)
    {
        try
        {
            return Directory.Exists(folder)
                ? [.. Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
                    .Where(file => !file.EndsWith(".lz4", StringComparison.Ordinal))]
                : [];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }
}
