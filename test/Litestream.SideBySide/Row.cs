using System.Globalization;

namespace Litestream.SideBySide;

/// <summary>What came of an ordeal, round by round.</summary>
internal sealed class Row(Ordeal ordeal)
{
    public Ordeal Ordeal { get; } = ordeal;

    /// <summary>litestream's replica, restored by litestream.</summary>
    public List<Verdict> Litestream { get; } = [];

    /// <summary>Our replica, restored by us.</summary>
    public List<Verdict> Ours { get; } = [];

    /// <summary>litestream's replica, restored by us.</summary>
    public List<Verdict> OursOnLitestream { get; } = [];

    public static string Summary(IReadOnlyList<Verdict> verdicts) => verdicts.Count == 1
        ? verdicts[0].ToString()
        : string.Join("; ", verdicts.GroupBy(verdict => verdict.ToString())
            .Select(group => string.Create(CultureInfo.InvariantCulture, $"{group.Count()} of {verdicts.Count}: {group.Key}")));

    public override string ToString() => string.Join(Environment.NewLine,
        Lines("litestream", Litestream).Concat(Lines("ours", Ours)).Concat(Lines("ours on litestream's", OursOnLitestream)));

    private static IEnumerable<string> Lines(string who, IReadOnlyList<Verdict> verdicts) =>
        verdicts.Select(verdict => $"  {who,-20} {verdict} ({verdict.Detail})");
}
