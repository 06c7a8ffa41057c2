using System.Text.Json;

namespace Litestream.Compare.Worker;

/// <summary>What an application's commits took, in milliseconds.</summary>
internal sealed record CommitSummary(int Count, double Seconds, double P50, double P99, double P999, double Max, int Stalls, double ProcessorSeconds)
{
    public string ToLine() => "summary " + JsonSerializer.Serialize(this);

    public static CommitSummary Parse(string line) => JsonSerializer.Deserialize<CommitSummary>(line["summary ".Length..])!;
}
