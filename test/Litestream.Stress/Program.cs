using System.Globalization;
using Litestream.Stress;
using Litestream.Testing.Stress;

return args switch
{
    ["writer", var database, var seed, var pageSize] => Write(database, Number(seed), Number(pageSize)),
    ["tenants", .. var rest] => await TenantRun.RunAsync(TenantOptions.Parse(rest)),
    _ => await RunAsync(args),
};

static async Task<int> RunAsync(string[] args)
{
    var seconds = 30;
    var seed = Environment.TickCount & 0xFFFFFF;
    var release = false;
    for (var i = 0; i < args.Length; i++)
    {
        switch (args[i])
        {
            case "--seconds" when i + 1 < args.Length:
                seconds = Number(args[++i]);
                break;
            case "--seed" when i + 1 < args.Length:
                seed = Number(args[++i]);
                break;
            case "--mutate" when i + 1 < args.Length && args[i + 1] == "release":
                release = true;
                i++;
                break;
            default:
                await Console.Error.WriteLineAsync("""
                    [--seconds N] [--seed N] [--mutate release]
                        everything at once on one database; exit code 1 if the shadow was not the database
                    writer DATABASE SEED PAGE-SIZE
                        the writer process that such a run kills
                    tenants [--count N] [--active N] [--seconds N] [--churn N] [--folder PATH]
                        N databases in one host: what they cost at start, idle and active, and what is left when they have
                        come and gone; exit code 1 if something is
                    """);
                return 2;
        }
    }

    Console.WriteLine($"seed {seed}, {seconds} s{(release ? ", release before checkpoint" : "")}");
    var report = await new StressRun(new StressOptions
    {
        Seed = seed,
        Duration = TimeSpan.FromSeconds(seconds),
        ReleaseBeforeCheckpoint = release,
        Writer = ["dotnet", "exec", typeof(Program).Assembly.Location, "writer"],
    }).RunAsync();
    Console.WriteLine(report);
    return report.Failure is null ? 0 : 1;
}

static int Write(string database, int seed, int pageSize)
{
    // Its input ends with the run that started it: it never outlives that.
    using var ended = new CancellationTokenSource();
    var input = new Thread(() =>
    {
        while (Console.In.Read() >= 0)
        {
        }

        ended.Cancel();
    })
    { IsBackground = true };
    input.Start();
    StressWriter.Run(database, seed, pageSize, TimeSpan.FromMilliseconds(4), ended.Token);
    return 0;
}

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
