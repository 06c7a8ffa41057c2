using System.Diagnostics;
using System.Globalization;
using Litestream;
using Litestream.RestoreComparison;

// dotnet run -c Release --project benchmarks/Litestream.RestoreComparison -- --litestream PATH
var settings = Settings.Parse(args);
if (settings is null)
{
    Console.Error.WriteLine("""
        --litestream PATH   the real litestream v0.3.13 (npm ci in test/interop brings one)
        --scenario NAME     large (a large database and a large WAL), segments (many small objects), indexes; default: all
        --rounds N          restores by each of the two, taking turns; default 3
        --scale PERCENT     of the size of each scenario; default 100
        --folder PATH       where replicas are made and kept for the next run; default: a temporary folder, removed
        """);
    return 2;
}

var folder = settings.Folder ?? Directory.CreateTempSubdirectory("litestream-net-restore-").FullName;
try
{
    Console.WriteLine("| scenario | objects | stored | database | litestream | ours | ratio | ours, unchecked | ratio | peak memory |");
    Console.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    foreach (var scenario in Scenario.All.Where(scenario => settings.Scenario is null || scenario.Name == settings.Scenario))
    {
        var replica = await scenario.PrepareAsync(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{scenario.Name}-{settings.Scale}")), settings.Scale);
        var (theirs, checkedTimes, uncheckedTimes) = (new List<double>(), new List<double>(), new List<double>());
        long size = 0;
        for (var round = 0; round < settings.Rounds; round++)
        {
            theirs.Add(await TheirsAsync(settings.Litestream, replica, Path.Combine(folder, "theirs.db")));
            checkedTimes.Add(await OursAsync(replica, Path.Combine(folder, "ours.db"), IntegrityCheck.Auto));
            uncheckedTimes.Add(await OursAsync(replica, Path.Combine(folder, "ours.db"), IntegrityCheck.None));
            size = new FileInfo(Path.Combine(folder, "ours.db")).Length;
            if (round == 0)
            {
                Files.RequireEqual(Path.Combine(folder, "theirs.db"), Path.Combine(folder, "ours.db"));
            }
        }

        var objects = Directory.EnumerateFiles(replica, "*", SearchOption.AllDirectories).Select(file => new FileInfo(file).Length).ToList();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {scenario.Name} | {objects.Count} | {objects.Sum() >> 20} MiB | {size >> 20} MiB | {theirs.Min():0.00} s | {checkedTimes.Min():0.00} s | {theirs.Min() / checkedTimes.Min():0.0}x | {uncheckedTimes.Min():0.00} s | {theirs.Min() / uncheckedTimes.Min():0.0}x | {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB |"));
    }
}
finally
{
    File.Delete(Path.Combine(folder, "theirs.db"));
    File.Delete(Path.Combine(folder, "ours.db"));
    if (settings.Folder is null)
    {
        Directory.Delete(folder, recursive: true);
    }
}

return 0;

static async Task<double> TheirsAsync(string litestream, string replica, string output)
{
    File.Delete(output);
    var start = new ProcessStartInfo(litestream) { RedirectStandardOutput = true, RedirectStandardError = true };
    foreach (var argument in (string[])["restore", "-o", output, $"file://{replica}"])
    {
        start.ArgumentList.Add(argument);
    }

    var startedAt = Stopwatch.GetTimestamp();
    using var process = Process.Start(start) ?? throw new InvalidOperationException("litestream did not start.");
    var (text, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
    await process.WaitForExitAsync();
    var elapsed = Stopwatch.GetElapsedTime(startedAt);
    return process.ExitCode == 0 ? elapsed.TotalSeconds : throw new InvalidOperationException($"litestream said: {await text}{await errors}");
}

static async Task<double> OursAsync(string replica, string output, IntegrityCheck check)
{
    File.Delete(output);
    await using var client = new FileReplicaClient(replica);
    var phases = new Phases();
    var startedAt = Stopwatch.GetTimestamp();
    await client.RestoreAsync(new RestoreOptions { OutputPath = output, IntegrityCheck = check, Progress = phases });
    var elapsed = Stopwatch.GetElapsedTime(startedAt).TotalSeconds;
    Console.Error.WriteLine(phases.Describe(elapsed));
    return elapsed;
}
