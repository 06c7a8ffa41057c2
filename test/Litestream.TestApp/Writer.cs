using System.Globalization;
using Litestream.Testing;

namespace Litestream.TestApp;

/// <summary>An application that only writes: it knows nothing of replication, and may be killed at any moment.</summary>
internal static class Writer
{
    public static int Run(string database, string[] options)
    {
        var workload = new Workload(database, Option(options, "--seed", 1))
        {
            PageSize = Option(options, "--page-size", 4096),
            AutoCheckpoint = Option(options, "--auto-checkpoint", 0),
        };
        var pause = TimeSpan.FromMilliseconds(Option(options, "--pause", 2));
        using var connection = workload.Open();
        using var inputEnded = new ManualResetEventSlim();
        var input = new Thread(() =>
        {
            while (Console.In.Read() >= 0)
            {
            }

            inputEnded.Set();
        })
        { IsBackground = true };
        input.Start();

        Console.WriteLine("writing");
        var commits = 0;
        while (!inputEnded.Wait(pause))
        {
            if (workload.Step(connection) && ++commits % 50 == 0)
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"committed {commits}"));
            }
        }

        return 0;
    }

    private static int Option(string[] options, string name, int defaultValue)
    {
        var place = Array.IndexOf(options, name);
        return place < 0 ? defaultValue : int.Parse(options[place + 1], CultureInfo.InvariantCulture);
    }
}
