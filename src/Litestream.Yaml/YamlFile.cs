namespace Litestream.Yaml;

/// <summary>A litestream.yml as it was read. Paths are as written, but for <c>~</c>.</summary>
internal sealed class YamlFile
{
    /// <summary>The file itself.</summary>
    public required string Path { get; init; }

    /// <summary>Where metrics are served, such as <c>:9090</c>; null for nowhere.</summary>
    public string? Addr { get; set; }

    /// <summary>The program to run beside the replication; null for none.</summary>
    public string? Exec { get; set; }

    public string? AccessKeyId { get; set; }

    public string? SecretAccessKey { get; set; }

    public YamlLogging Logging { get; } = new();

    public IList<YamlDatabase> Databases { get; } = [];

    /// <summary>What is read differently than was perhaps meant; each with its line.</summary>
    public IReadOnlyList<string> Warnings { get; set; } = [];
}
