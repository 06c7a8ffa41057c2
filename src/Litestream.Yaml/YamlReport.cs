using System.Globalization;

namespace Litestream.Yaml;

/// <summary>What there is to say about a file, each remark with its line.</summary>
internal sealed class YamlReport(string path)
{
    private readonly List<string> _warnings = [];
    private readonly List<string> _errors = [];

    /// <summary>What is read differently than was perhaps meant.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>What cannot be done.</summary>
    public IReadOnlyList<string> Errors => _errors;

    public void Warn(long line, string message) => _warnings.Add(At(line, message));

    public void Fail(long line, string message) => _errors.Add(At(line, message));

    private string At(long line, string message) => string.Create(CultureInfo.InvariantCulture, $"{path}:{line}: {message}");
}
