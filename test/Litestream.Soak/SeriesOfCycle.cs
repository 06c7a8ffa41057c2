namespace Litestream.Soak;

/// <summary>The values of all measures within one cycle, by phase. Of a cycle that is over, only what it comes to is kept.</summary>
internal sealed class SeriesOfCycle
{
    private readonly Dictionary<(Measure Measure, Phase Phase), List<double>> _values = [];

    public void Add(Measure measure, Phase phase, double value)
    {
        if (!_values.TryGetValue((measure, phase), out var list))
        {
            _values[(measure, phase)] = list = [];
        }

        list.Add(value);
    }

    public CycleSummary Summarize() => new(
        Measure.All.Select(measure => (measure, Values: Values(measure, _ => true))).Where(one => one.Values.Count > 0)
            .ToDictionary(one => one.measure, one => one.measure.IsPeak ? one.Values.Max() : Median(one.Values)),
        _values.ToDictionary(one => one.Key, one => (Median(one.Value), one.Value.Max())));

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count == 0 ? 0 : sorted[sorted.Count / 2];
    }

    private List<double> Values(Measure measure, Predicate<Phase> where) =>
        [.. _values.Where(one => one.Key.Measure == measure && where(one.Key.Phase)).SelectMany(one => one.Value)];
}
