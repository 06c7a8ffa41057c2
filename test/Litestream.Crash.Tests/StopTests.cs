using System.Collections.Concurrent;
using Litestream.Testing;

namespace Litestream.Crash;

/// <summary>SIGTERM, as containers and service managers send it, to an application under load.</summary>
public sealed class StopTests
{
    private const int Clients = 4;

    private const int BeforeTheStop = 100;

    [UnixFact]
    public async Task After_sigterm_under_load_everything_that_was_committed_is_on_the_replica()
    {
        using var folder = new TempDirectory();
        var committed = new ConcurrentQueue<Acknowledgement>();
        await using (var app = await NotesApp.StartAsync(folder.Path))
        {
            using var ended = new CancellationTokenSource();
            var clients = Enumerable.Range(0, Clients).Select(client => WriteAsync(app, client, committed, ended.Token)).ToList();
            while (committed.Count < BeforeTheStop)
            {
                await Task.Delay(5);
            }

            // The clients go on: what is answered while the application stops counts too.
            await app.StopAsync();
            await ended.CancelAsync();
            await Task.WhenAll(clients);
            app.Output.Should().Contain("every replica can be restored to");
        }

        Directory.Delete(Path.Combine(folder.Path, "data"), recursive: true);
        await using var again = await NotesApp.StartAsync(folder.Path);
        var notes = await again.ListAsync();
        await again.StopAsync();

        committed.Should().HaveCountGreaterThanOrEqualTo(BeforeTheStop);
        notes.Should().Contain(committed.ToDictionary(one => one.Id, one => one.Text));
    }

    private static async Task WriteAsync(NotesApp app, int client, ConcurrentQueue<Acknowledgement> committed, CancellationToken cancellationToken)
    {
        for (var number = 0; !cancellationToken.IsCancellationRequested; number++)
        {
            try
            {
                committed.Enqueue(await app.CommitAsync($"client {client}, note {number}", cancellationToken));
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
            {
                // The application does not answer any more: whether this one was committed is not known.
                return;
            }
        }
    }
}
