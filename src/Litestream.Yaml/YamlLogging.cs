namespace Litestream.Yaml;

/// <summary>The section <c>logging</c>.</summary>
internal sealed class YamlLogging
{
    /// <summary>debug, info, warn or error.</summary>
    public string Level { get; set; } = "info";

    /// <summary>text or json.</summary>
    public string Type { get; set; } = "text";

    /// <summary>True for standard error, false for standard output.</summary>
    public bool ToStandardError { get; set; }
}
