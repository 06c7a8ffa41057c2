using System.Globalization;
using Litestream.LoadTest;

// What replication costs the application, on this machine: compare the ratios, the milliseconds are its own.
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (LoadOptions.Parse(args) is not { } options)
{
    Console.Error.WriteLine("usage: [--dry | --seconds SECONDS]   SECONDS for each of three measurements, up to 600");
    return 2;
}

Variant[] variants = [Variant.Off, Variant.On, Variant.OnAndUsed];
string[] names = ["replication off", "replication on", "on, UseLitestream"];

// Once unmeasured: the first that runs would pay for the compiler.
await CommitLoad.RunAsync(Variant.OnAndUsed, perSecond: 0, options.Round / 10, new Latencies());

foreach (var perSecond in new[] { 200, 0 })
{
    var latencies = variants.Select(_ => new Latencies()).ToArray();
    var took = new TimeSpan[variants.Length];
    for (var round = 0; round < options.Rounds; round++)
    {
        for (var i = 0; i < variants.Length; i++)
        {
            took[i] += await CommitLoad.RunAsync(variants[i], perSecond, options.Round, latencies[i]);
        }
    }

    Console.WriteLine(perSecond > 0 ? $"{perSecond} commits/s:" : "as many commits as it can:");
    for (var i = 0; i < variants.Length; i++)
    {
        var l = latencies[i];
        var rate = l.Count / took[i].TotalSeconds;
        Console.WriteLine(
            $"  {names[i],-18} {rate,8:0} commits/s   p50 {l.Percentile(0.5):0.000} ms   p99 {l.Percentile(0.99):0.000} ms   max {l.Percentile(1):0.0} ms"
            + (i == 0 ? "" : perSecond > 0
                ? $"   p99 on/off {l.Percentile(0.99) / latencies[0].Percentile(0.99):0.00} (aim: at most 1.05)"
                : $"   throughput on/off {rate / (latencies[0].Count / took[0].TotalSeconds):0.00} (aim: at least 0.90)"));
    }
}

var waits = new Latencies();
var (requests, uploads) = await WaitingLoad.RunAsync(options.Clients, TimeSpan.FromSeconds(options.Seconds), waits);
Console.WriteLine($"{options.Clients} clients that wait for each commit, an upload takes 50 ms:");
Console.WriteLine(
    $"  {requests} requests cost {uploads} uploads: {(double)requests / uploads:0.0} requests each   p50 {waits.Percentile(0.5):0} ms   p99 {waits.Percentile(0.99):0} ms");

// Counted, and not timed: this holds on any machine. A dry run has too few requests to tell.
if (options != LoadOptions.Dry && uploads * 4 > requests)
{
    Console.Error.WriteLine("Requests that wait do not share uploads.");
    return 1;
}

return 0;
