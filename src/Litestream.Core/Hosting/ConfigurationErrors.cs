namespace Litestream.Hosting;

/// <summary>Collects everything that is wrong with the options, each with its configuration path, so that all is said at once.</summary>
/// <param name="earlier">
/// What was found before: a value that could not be read is not complained of again for being missing.
/// </param>
internal sealed class ConfigurationErrors(ConfigurationErrors? earlier = null)
{
    private readonly List<string> _messages = [.. earlier?._messages ?? []];
    private readonly HashSet<string> _paths = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>What was found, in order, without repetitions.</summary>
    public IReadOnlyList<string> Messages => _messages;

    /// <summary>Adds one error. The message must not repeat a value that may hold a secret.</summary>
    public void Add(string path, string message)
    {
        if (earlier?._paths.Contains(path) == true)
        {
            return;
        }

        _paths.Add(path);
        var line = path.Length == 0 ? message : $"{path}: {message}";
        if (!_messages.Contains(line))
        {
            _messages.Add(line);
        }
    }
}
