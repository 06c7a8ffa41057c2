namespace Litestream.Yaml;

/// <summary>One entry of <c>dbs</c>. What is null was not given.</summary>
internal sealed class YamlDatabase
{
    public long Line { get; init; }

    public string Path { get; set; } = "";

    public string? MetaPath { get; set; }

    public TimeSpan? MonitorInterval { get; set; }

    public TimeSpan? CheckpointInterval { get; set; }

    public int? MinCheckpointPageCount { get; set; }

    public int? MaxCheckpointPageCount { get; set; }

    public IList<YamlReplica> Replicas { get; } = [];
}
