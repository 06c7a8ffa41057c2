namespace Litestream.Compare.Measuring;

/// <summary>All that was measured, in its order.</summary>
internal sealed class Results
{
    private readonly List<Sample> _samples = [];
    private readonly List<(string Section, string Text)> _notes = [];

    public IReadOnlyList<Sample> Samples => _samples;

    public IReadOnlyList<(string Section, string Text)> Notes => _notes;

    public void Add(string section, string @case, string metric, string unit, Better better, string variant, double value) =>
        _samples.Add(new Sample(section, @case, metric, unit, better, variant, value));

    /// <summary>Adds what a process cost.</summary>
    public void AddCost(string section, string @case, string variant, Cost cost)
    {
        Add(section, @case, "CPU", "s", Better.Lower, variant, cost.ProcessorSeconds);
        Add(section, @case, "peak memory", "MiB", Better.Lower, variant, cost.PeakMemory / 1048576.0);
        if (cost.PeakDisk is { } disk)
        {
            Add(section, @case, "peak disk beside the result", "MiB", Better.Lower, variant, disk / 1048576.0);
        }
    }

    public void Note(string section, string text)
    {
        _notes.Add((section, text));
        Console.Error.WriteLine($"  {text}");
    }
}
