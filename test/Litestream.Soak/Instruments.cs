using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Litestream.Diagnostics;

namespace Litestream.Soak;

/// <summary>Adds up what the library reports of itself, by the names of docs/telemetry.md. Thread-safe.</summary>
internal sealed class Instruments : IDisposable
{
    private readonly ConcurrentDictionary<string, double> _sums = new();
    private readonly MeterListener _listener = new();

    public Instruments()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == LitestreamDiagnostics.MeterName && !instrument.IsObservable)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument.Name, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument.Name, value, tags));
        _listener.Start();
    }

    public double WalCopied(string database) => Of($"litestream.wal.copied/{database}/");

    public double Writes(string database, string replica) => Of($"litestream.replica.operation.duration/{database}/{replica}/write#");

    public double Generations(string database) => Of($"litestream.generations/{database}/");

    /// <summary>How often something was measured, over all databases.</summary>
    /// <param name="name">The instrument.</param>
    /// <param name="failed">True for what failed, false for what did not.</param>
    /// <param name="operation">Which operation of a store; empty for instruments that know none.</param>
    public long Times(string name, bool failed = false, string operation = "") => (long)_sums
        .Where(sum => sum.Key.StartsWith(name + "/", StringComparison.Ordinal)
            && sum.Key.EndsWith($"/{operation}{(failed ? "!" : "#")}", StringComparison.Ordinal))
        .Sum(sum => sum.Value);

    public double Longest(string name) => Of($"{name}^");

    public void Dispose() => _listener.Dispose();

    private void Add(string name, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var (database, replica, operation, failed) = ("", "", "", false);
        foreach (var (key, tag) in tags)
        {
            switch (key)
            {
                case LitestreamMetrics.DatabaseName:
                    database = (string)tag!;
                    break;
                case LitestreamMetrics.ReplicaName:
                    replica = (string)tag!;
                    break;
                case LitestreamMetrics.OperationName:
                    operation = (string)tag!;
                    break;
                case LitestreamMetrics.ErrorType:
                    failed = true;
                    break;
                default:
                    break;
            }
        }

        var place = replica.Length == 0 && operation.Length == 0 ? $"{name}/{database}/" : $"{name}/{database}/{replica}/{operation}";
        if (name.EndsWith(".duration", StringComparison.Ordinal))
        {
            _sums.AddOrUpdate(place + (failed ? "!" : "#"), 1, (_, count) => count + 1);
            _sums.AddOrUpdate($"{name}^", value, (_, longest) => Math.Max(longest, value));
        }
        else
        {
            _sums.AddOrUpdate(place, value, (_, sum) => sum + value);
        }
    }

    private double Of(string key) => _sums.GetValueOrDefault(key);
}
