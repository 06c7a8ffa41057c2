using System.Diagnostics;
using System.Globalization;

namespace Litestream.Testing;

/// <summary>
/// Runs a test on many seeds: always the same ones, so that it passes or fails alike everywhere; with
/// LITESTREAM_FUZZ_SECONDS on new ones for so long. A seed that fails is named, and belongs among those that are kept.
/// </summary>
public static class Fuzz
{
    private static readonly int s_seconds = int.TryParse(
        Environment.GetEnvironmentVariable("LITESTREAM_FUZZ_SECONDS"), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? seconds : 0;

    /// <param name="count">How many seeds are tried each time.</param>
    /// <param name="test">The test of one seed.</param>
    /// <param name="kept">Seeds that have failed once.</param>
    public static async Task SampleAsync(int count, Func<int, Task> test, params int[] kept)
    {
        var watch = Stopwatch.StartNew();
        var first = s_seconds == 0 ? 0 : Environment.TickCount & 0x3FFF_FFFF;
        foreach (var seed in kept.Concat(Enumerable.Range(first, s_seconds == 0 ? count : int.MaxValue - first)))
        {
            try
            {
                await test(seed);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"Seed {seed}: {exception.Message}", exception);
            }

            if (s_seconds > 0 && watch.Elapsed.TotalSeconds > s_seconds)
            {
                return;
            }
        }
    }

    /// <summary>The same for a test that waits for nothing.</summary>
    public static void Sample(int count, Action<int> test, params int[] kept) =>
        SampleAsync(
            count,
            seed =>
            {
                test(seed);
                return Task.CompletedTask;
            },
            kept).GetAwaiter().GetResult();
}
