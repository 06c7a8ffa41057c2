namespace Litestream.SideBySide;

/// <summary>Puts both programs through ordeals and restores what they left.</summary>
internal sealed class Contest(int seed) : IAsyncDisposable
{
    private readonly Dictionary<string, Arena> _quietDays = [];

    public async Task<Row> RunAsync(Ordeal ordeal)
    {
        var row = new Row(ordeal);
        for (var round = 0; round < ordeal.Rounds; round++)
        {
            await WithArenaAsync(new LitestreamProgram(), ordeal, round, async arena =>
            {
                row.Litestream.Add(await LitestreamRestoresAsync(arena));
                row.OursOnLitestream.Add(await WeRestoreAsync(arena));
            });
            await WithArenaAsync(new ThisLibrary(), ordeal, round, async arena => row.Ours.Add(await WeRestoreAsync(arena)));
        }

        return row;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var arena in _quietDays.Values)
        {
            await arena.DisposeAsync();
        }
    }

    private async Task WithArenaAsync(Contestant contestant, Ordeal ordeal, int round, Func<Arena, Task> judge)
    {
        if (!ordeal.OfQuietDay)
        {
            await using var fresh = new Arena(contestant, seed + round);
            await ordeal.RunAsync(fresh);
            RequireSound(fresh);
            await judge(fresh);
            return;
        }

        if (!_quietDays.TryGetValue(contestant.Name, out var arena))
        {
            _quietDays[contestant.Name] = arena = new Arena(contestant, seed);
            await LiveOrdeals.QuietDayAsync(arena);
            RequireSound(arena);
        }

        arena.UseCopyOfReplica();
        await ordeal.RunAsync(arena);
        await judge(arena);
    }

    /// <summary>The application's own database has to be right, or there is nothing to compare with.</summary>
    private static void RequireSound(Arena arena)
    {
        var own = Audit.Of(arena.Database, arena.Bank.History, arena.Bank.History.Count);
        own.Outcome.Should().Be(Outcome.Right, "the application's own database is sound ({0})", own.Detail);
    }

    private static async Task<Verdict> LitestreamRestoresAsync(Arena arena)
    {
        var output = arena.File($"litestream-{Guid.NewGuid():n}.db");
        var (exitCode, text) = await RealLitestream.TryRestoreAsync(arena.Replica, output);
        return exitCode == 0
            ? Audit.Of(output, arena.Bank.History, arena.Due)
            : new Verdict(Outcome.Refused, text.Split('\n')[^1]);
    }

    private static async Task<Verdict> WeRestoreAsync(Arena arena)
    {
        var output = arena.File($"ours-{Guid.NewGuid():n}.db");
        try
        {
            await using var client = new FileReplicaClient(arena.Replica);
            await client.RestoreAsync(new RestoreOptions { OutputPath = output });
        }
        catch (LitestreamException exception)
        {
            File.Exists(output).Should().BeFalse("a refusal leaves nothing");
            return new Verdict(Outcome.Refused, exception.Message);
        }

        return Audit.Of(output, arena.Bank.History, arena.Due);
    }
}
