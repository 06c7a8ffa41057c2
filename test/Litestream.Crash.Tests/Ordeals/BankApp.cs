using System.Globalization;
using System.Text.Json;
using Litestream.Testing;

namespace Litestream.Crash.Ordeals;

/// <summary>An application with a ledger in a process of its own, and what it has acknowledged.</summary>
internal sealed class BankApp : IAsyncDisposable
{
    private const string End = " .";

    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    private readonly ChildProcess _child;

    private BankApp(ChildProcess child) => _child = child;

    public int Id => _child.Id;

    public string Output => _child.Output;

    /// <summary>What it has acknowledged so far: the lines that a kill cut off are none.</summary>
    public IReadOnlyList<BankAcknowledgement> Acknowledged =>
    [
        .. Output.Split('\n')
            .Where(line => line.StartsWith("ack ", StringComparison.Ordinal) && line.EndsWith(End, StringComparison.Ordinal))
            .Select(line => line.Split(' '))
            .Select(words => new BankAcknowledgement(
                long.Parse(words[1], CultureInfo.InvariantCulture), words[2], Position(words[3]))),
    ];

    /// <summary>Starts it, and does not wait for anything.</summary>
    public static BankApp Begin(string database, IEnumerable<string> replicas, params string[] options) =>
        Begin([], database, replicas, options);

    /// <summary>Starts it behind a program that runs it: strace, or one that changes what it may.</summary>
    public static BankApp Begin(string[] behind, string database, IEnumerable<string> replicas, params string[] options)
    {
        string[] command =
        [
            .. behind,
            .. ChildProcess.AppCommand("Litestream.TestApp", ["bank", database, .. replicas.SelectMany(url => new[] { "--replica", url }), .. options]),
        ];
        return new BankApp(ChildProcess.Start(command[0], command[1..]));
    }

    /// <summary>Starts it and waits until it has restored what was missing and replicates.</summary>
    public static async Task<BankApp> StartAsync(string database, IEnumerable<string> replicas, params string[] options)
    {
        var app = Begin(database, replicas, options);
        try
        {
            await app.ReadyAsync();
            return app;
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    public Task ReadyAsync() => AnswerAsync("ready");

    /// <summary>Sends a line.</summary>
    public void Tell(string line) => _child.WriteLine(line);

    /// <summary>Sends a line and waits for the answer, without its first word.</summary>
    public async Task<string> AskAsync(string line, string answer)
    {
        Tell(line);
        return await AnswerAsync(answer);
    }

    /// <summary>Waits for an answer that begins with a word.</summary>
    public async Task<string> AnswerAsync(string word)
    {
        var line = await _child.WaitForLineAsync(
            line => line.EndsWith(End, StringComparison.Ordinal)
                && (line.StartsWith(word + " ", StringComparison.Ordinal) || line.StartsWith("failed ", StringComparison.Ordinal)),
            Timeout);
        return line.StartsWith(word, StringComparison.Ordinal)
            ? line[word.Length..^End.Length].Trim()
            : throw new InvalidOperationException($"Instead of '{word}' it said '{line}'. Its output:\n{Output}");
    }

    /// <summary>Commits.</summary>
    public async Task<LedgerEntry> CommitAsync(int times = 1)
    {
        var words = (await AskAsync(string.Create(CultureInfo.InvariantCulture, $"commit {times}"), "committed")).Split(' ');
        return new LedgerEntry(long.Parse(words[0], CultureInfo.InvariantCulture), words[1]);
    }

    public async Task<ReplicationPosition> SyncAsync() => Position(await AskAsync("sync", "synced"));

    /// <summary>What its status and its health check say.</summary>
    public async Task<BankStatus> StatusAsync()
    {
        var answer = await AskAsync("status", "status");
        var health = answer.Split(' ')[0];
        using var json = JsonDocument.Parse(answer[health.Length..]);
        var replica = json.RootElement.GetProperty("Replicas")[0];
        return new BankStatus(
            health,
            json.RootElement.GetProperty("State").GetString()!,
            json.RootElement.GetProperty("LastError").GetString(),
            replica.GetProperty("State").GetString()!,
            replica.GetProperty("LastError").GetString(),
            TimeSpan.Parse(replica.GetProperty("Lag").GetString()!, CultureInfo.InvariantCulture),
            json.RootElement.GetProperty("Position").GetRawText(),
            replica.GetProperty("Position").GetRawText(),
            answer);
    }

    /// <summary>Asks until the status is as it should become by itself.</summary>
    public async Task<BankStatus> UntilAsync(Func<BankStatus, bool> condition, string because)
    {
        var patience = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            var status = await StatusAsync();
            if (condition(status))
            {
                return status;
            }

            patience.Elapsed.Should().BeLessThan(Timeout, "{0}; the status is {1}, the output\n{2}", because, status.Text, Output);
            await Task.Delay(50);
        }
    }

    /// <summary>kill -STOP: it stands still.</summary>
    public void Suspend() => _child.Suspend();

    /// <summary>kill -CONT.</summary>
    public void Resume() => _child.Resume();

    public Task KillAsync() => _child.KillAsync();

    /// <summary>Ends it in order.</summary>
    public async Task StopAsync()
    {
        _child.CloseInput();
        (await _child.WaitForExitAsync(Timeout)).Should().Be(0, "the application said: {0}", Output);
    }

    public ValueTask DisposeAsync() => _child.DisposeAsync();

    private static ReplicationPosition Position(string text)
    {
        var parts = text.Split('/', ':');
        return new ReplicationPosition(
            parts[0], int.Parse(parts[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture), long.Parse(parts[2], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }
}
