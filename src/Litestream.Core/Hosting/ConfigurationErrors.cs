namespace Litestream.Hosting;

/// <summary>Collects everything that is wrong with the options, each with its configuration path, so that all is said at once.</summary>
internal sealed class ConfigurationErrors
{
    private readonly List<string> _messages = [];

    /// <summary>What was found, in order, without repetitions.</summary>
    public IReadOnlyList<string> Messages => _messages;

    /// <summary>Adds one error. The message must not repeat a value that may hold a secret.</summary>
    public void Add(string path, string message)
    {
        var line = path.Length == 0 ? message : $"{path}: {message}";
        if (!_messages.Contains(line))
        {
            _messages.Add(line);
        }
    }
}
