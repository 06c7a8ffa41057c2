using System.Diagnostics;
using System.Globalization;
using Litestream.Simulation;

var (seconds, seed, verbose) = (60, 1, false);
for (var i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--seconds" when i + 1 < args.Length:
            seconds = int.Parse(args[++i], CultureInfo.InvariantCulture);
            break;
        case "--from" when i + 1 < args.Length:
            seed = int.Parse(args[++i], CultureInfo.InvariantCulture);
            break;
        case "--seed" when i + 1 < args.Length:
            seed = int.Parse(args[++i], CultureInfo.InvariantCulture);
            (seconds, verbose) = (0, true);
            break;
        default:
            await Console.Error.WriteLineAsync("""
                [--seconds N] [--from SEED]   seed after seed for N seconds, and a tally; exit code 1 if one failed
                --seed SEED                   one seed, and everything that happened in it
                """);
            return 2;
    }
}

var tally = new Tally();
var watch = Stopwatch.StartNew();
var failures = 0;
do
{
    var report = SimulationRun.Play(seed++);
    tally.Add(report.Tally);
    if (verbose)
    {
        Console.WriteLine(string.Join('\n', report.Trace));
    }

    if (report.Failure is not null)
    {
        failures++;
        Console.WriteLine(report);
    }
}
while (watch.Elapsed.TotalSeconds < seconds);

Console.WriteLine($"{tally}, {failures} failed, {watch.Elapsed.TotalSeconds:f0} s");
return failures == 0 ? 0 : 1;
