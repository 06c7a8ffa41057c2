using System.Diagnostics;
using Litestream.Sqlite;
using Litestream.Testing;

namespace Litestream.Core.Tests.Sqlite;

public sealed class WriteLockTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    private long _taken; // how often the writer has had the lock

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_writer_that_hardly_ever_lets_go_of_the_lock_does_not_keep_us_from_it()
    {
        using var app = new AppDatabase(_directory);
        app.Execute("CREATE TABLE t(a)");
        using var writer = Connections.Open(app.Path);
        using var connection = Connections.Open(app.Path);
        using var end = new CancellationTokenSource();
        var writing = new Thread(() => Hold(writer, end.Token));
        writing.Start();
        try
        {
            for (var i = 0; i < 20; i++)
            {
                var before = Volatile.Read(ref _taken);
                SpinWait.SpinUntil(() => Volatile.Read(ref _taken) > before);
                connection.BeginImmediate();
                connection.InTransaction.Should().BeTrue();
                connection.Rollback();
            }
        }
        finally
        {
            end.Cancel();
            writing.Join();
        }
    }

    /// <summary>Three milliseconds with the lock, and a tenth of one without, over and over.</summary>
    private void Hold(DatabaseConnection writer, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            try
            {
                writer.BeginImmediate();
            }
            catch (SqliteFailure failure) when (failure.IsTransient)
            {
                continue; // this thread must not end the process because the other one was put to sleep
            }

            Interlocked.Increment(ref _taken);
            Spin(TimeSpan.FromMilliseconds(3));
            writer.Rollback();
            Spin(TimeSpan.FromMilliseconds(0.1));
        }
    }

    private static void Spin(TimeSpan time)
    {
        for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < time;)
        {
            Thread.SpinWait(10);
        }
    }
}
