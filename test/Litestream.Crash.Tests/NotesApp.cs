using System.Net.Http.Json;
using Litestream.Testing;

namespace Litestream.Crash;

/// <summary>The sample application in a process of its own, spoken to by HTTP as anyone would.</summary>
internal sealed class NotesApp : IAsyncDisposable
{
    private const string Listening = "Now listening on: ";

    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    private readonly ChildProcess _child;
    private readonly HttpClient _http;

    private NotesApp(ChildProcess child, Uri address)
    {
        _child = child;
        _http = new HttpClient { BaseAddress = address, Timeout = Timeout };
    }

    public string Output => _child.Output;

    /// <summary>Starts it in its folder and waits until it answers; by then it has restored what was missing.</summary>
    public static async Task<NotesApp> StartAsync(string folder)
    {
        var child = ChildProcess.StartApp(
            "Notes", folder, new Dictionary<string, string> { ["ASPNETCORE_URLS"] = "http://127.0.0.1:0", ["DOTNET_ENVIRONMENT"] = "Production" });
        try
        {
            var line = await child.WaitForLineAsync(text => text.Contains(Listening, StringComparison.Ordinal), Timeout);
            return new NotesApp(child, new Uri(line[(line.IndexOf(Listening, StringComparison.Ordinal) + Listening.Length)..].Trim()));
        }
        catch
        {
            await child.DisposeAsync();
            throw;
        }
    }

    /// <summary>Adds a note and waits until it is in the backup.</summary>
    public Task<Acknowledgement> AddAsync(string text, CancellationToken cancellationToken) => AddAsync("/notes?durable=true", text, cancellationToken);

    /// <summary>Adds a note and waits until it is committed.</summary>
    public Task<Acknowledgement> CommitAsync(string text, CancellationToken cancellationToken) => AddAsync("/notes", text, cancellationToken);

    private async Task<Acknowledgement> AddAsync(string path, string text, CancellationToken cancellationToken)
    {
        using var response = await _http.PostAsJsonAsync(path, new { text }, cancellationToken);
        response.EnsureSuccessStatusCode();
        var answer = await response.Content.ReadFromJsonAsync<Answer>(cancellationToken);
        return new Acknowledgement(answer!.Id, text, answer.Position);
    }

    public async Task<IReadOnlyDictionary<long, string>> ListAsync() =>
        (await _http.GetFromJsonAsync<Note[]>("/notes"))!.ToDictionary(note => note.Id, note => note.Text);

    public Task KillAsync() => _child.KillAsync();

    /// <summary>Ends it in order.</summary>
    public async Task StopAsync()
    {
        _child.Terminate();
        (await _child.WaitForExitAsync(Timeout)).Should().Be(0, "the application said: {0}", _child.Output);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _child.DisposeAsync();
    }

    private sealed record Answer(long Id, ReplicationPosition Position);

    private sealed record Note(long Id, string Text);
}
