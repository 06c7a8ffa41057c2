using System.Collections.Concurrent;
using Litestream.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace Litestream.Hosting;

/// <summary>A real host with fake engines: two databases, <c>a</c> and <c>b</c>, unless told otherwise.</summary>
internal sealed class TestApplication : IDisposable
{
    public TestApplication()
    {
        Builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = Folder.Path });
        Builder.Services.AddSingleton<IDatabaseEngineFactory>(Engines);
        Builder.Services.AddSingleton<IReplicaClientFactory>(Stores);
        Builder.Services.AddSingleton<TimeProvider>(Time);
        Builder.Logging.SetMinimumLevel(LogLevel.Trace).AddProvider(new FakeLoggerProvider(Logs));
    }

    public TempDirectory Folder { get; } = new();

    public HostApplicationBuilder Builder { get; }

    public FakeDatabaseEngineFactory Engines { get; } = new();

    public FakeReplicaClientFactory Stores { get; } = new("mem");

    public SteppedTime Time { get; } = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), ignoreFrom: TimeSpan.FromHours(1));

    public FakeLogCollector Logs { get; } = FakeLogCollector.Create(new FakeLogCollectorOptions());

    public ConcurrentQueue<string> Journal => Engines.Journal;

    public IEnumerable<string> Messages => Logs.GetSnapshot().Select(record => record.Message);

    public IHost Build(Action<LitestreamOptions>? configure = null)
    {
        Builder.Services.AddLitestream(options =>
        {
            options.AddDatabase("a.db", "mem://store/a");
            options.AddDatabase("b.db", "mem://store/b");
            configure?.Invoke(options);
        });
        return Builder.Build();
    }

    /// <summary>The events of this name that were logged.</summary>
    public IReadOnlyList<FakeLogRecord> Logged(string eventName) => [.. Logs.GetSnapshot().Where(record => record.Id.Name == eventName)];

    public void Dispose() => Folder.Dispose();
}
