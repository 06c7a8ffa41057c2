namespace Litestream.Testing;

/// <summary>A connection to a database in another process, which runs statements one at a time.</summary>
public sealed class OtherProcess : IAsyncDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    private readonly ChildProcess _child;

    private OtherProcess(ChildProcess child) => _child = child;

    public static async Task<OtherProcess> StartAsync(string database)
    {
        var child = ChildProcess.StartApp("Litestream.TestApp", "sql", database);
        await child.WaitForLineAsync(line => line == "ready", Timeout);
        return new OtherProcess(child);
    }

    /// <summary>Runs one line of SQL. Returns the first value of its result, or "error CODE MESSAGE".</summary>
    public async Task<string> ExecuteAsync(string sql)
    {
        _child.WriteLine(sql);
        var answer = await _child.WaitForLineAsync(
            line => line.StartsWith("ok ", StringComparison.Ordinal) || line.StartsWith("error ", StringComparison.Ordinal),
            Timeout);
        return answer.StartsWith("ok ", StringComparison.Ordinal) ? answer[3..] : answer;
    }

    /// <summary>Closes its connection and ends.</summary>
    public async Task CloseAsync()
    {
        _child.CloseInput();
        await _child.WaitForExitAsync(Timeout);
    }

    public Task KillAsync() => _child.KillAsync();

    public ValueTask DisposeAsync() => _child.DisposeAsync();
}
