using System.Diagnostics;
using System.Globalization;
using Litestream.Diagnostics;
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
        case "--mutations":
            return FindMutations(MutationSearch.All);
        case "--mutation" when i + 1 < args.Length && Enum.TryParse<Mutation>(args[i + 1], out var mutation):
            i++;
            if (i + 1 == args.Length)
            {
                return FindMutations([mutation]);
            }

            Mutations.Made = mutation;
            break;
        default:
            await Console.Error.WriteLineAsync("""
                [--seconds N] [--from SEED]   seed after seed for N seconds, and a tally; exit code 1 if one failed
                --seed SEED                   one seed, and everything that happened in it
                --mutations                   how many seeds it takes to find each of the known mistakes
                --mutation NAME               how many it takes to find this one; with --seed behind it, that seed
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

static int FindMutations(IEnumerable<Mutation> mutations)
{
    var missed = 0;
    foreach (var mutation in mutations)
    {
        var watch = Stopwatch.StartNew();
        var found = MutationSearch.Find(mutation);
        missed += found is null ? 1 : 0;
        Console.WriteLine($"{mutation,-26} {(found is null ? "NOT FOUND" : $"seed {found.Seed,3}")} {watch.Elapsed.TotalSeconds,5:f1} s  {found?.Failure?.Split('\n')[0]}");
    }

    return missed == 0 ? 0 : 1;
}
