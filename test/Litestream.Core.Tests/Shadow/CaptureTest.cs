using System.Globalization;
using Litestream.Shadow;
using Litestream.Sqlite;
using Litestream.Testing;
using Litestream.Testing.Capture;

namespace Litestream.Core.Tests.Shadow;

/// <summary>A database of an application, and its capture, which a test steps by hand.</summary>
public abstract class CaptureTest : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    protected CaptureTest()
    {
        Directory = new TempDirectory();
        App = NewApp();
    }

    private protected TempDirectory Directory { get; }

    private protected AppDatabase App { get; private set; }

    private protected string WalPath => App.Path + "-wal";

    public void Dispose()
    {
        foreach (var owned in Enumerable.Reverse(_owned))
        {
            owned.Dispose();
        }

        Directory.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Another database, with a table t(a), whose application never checkpoints by itself.</summary>
    private protected AppDatabase NewApp(string name = "app.db", int pageSize = 4096, int autoVacuum = 0)
    {
        var app = new AppDatabase(Directory, name, pageSize, wal: false);
        _owned.Add(app);
        app.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA auto_vacuum={autoVacuum}"));
        app.Execute("PRAGMA journal_mode=wal");
        app.Execute("PRAGMA wal_autocheckpoint=0");
        app.Execute("CREATE TABLE t(a)");
        return App = app;
    }

    private protected CaptureFixture Capture(WalSyncSettings? settings = null, TimeProvider? time = null)
    {
        var capture = new CaptureFixture(App.Path, settings, time);
        _owned.Add(capture);
        return capture;
    }

    /// <summary>A capture that checkpoints as soon as there is a frame.</summary>
    private protected static WalSyncSettings Eager { get; } = new() { MinCheckpointPages = 1, CheckpointInterval = TimeSpan.Zero };

    /// <summary>A connection whose close leaves the WAL alone, as that of a process that is killed.</summary>
    private protected DatabaseConnection Connect()
    {
        var connection = DatabaseReader.Connect(App.Path);
        _owned.Add(connection);
        return connection;
    }
}
