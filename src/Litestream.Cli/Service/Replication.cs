using Litestream.Yaml;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Litestream.Cli.Service;

/// <summary>The replication as one version of the configuration describes it: a host within the process's own.</summary>
internal sealed class Replication : IAsyncDisposable
{
    private readonly IHost _host;

    private Replication(IHost host, YamlFile file)
    {
        _host = host;
        File = file;
    }

    public YamlFile File { get; }

    public ILitestream Litestream => _host.Services.GetRequiredService<ILitestream>();

    /// <summary>Prepares it; nothing is started.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The file asks for what cannot be done.</exception>
    public static Replication Create(YamlFile file, ILoggerFactory loggers)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = Environment.CurrentDirectory });
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddMetrics();
        builder.Services.AddLitestream(YamlConfiguration.Create(file)).AddS3();
        builder.Services.PostConfigure<LitestreamOptions>(static options =>
        {
            foreach (var database in options.Databases.Values)
            {
                // As litestream: a database that is not there is waited for; restoring it is a command of its own.
                database.RestorePolicy = RestorePolicy.Never;
            }
        });
        builder.Services.Configure<HostOptions>(static options => options.ShutdownTimeout = Timeout.InfiniteTimeSpan);
        return new Replication(builder.Build(), file);
    }

    public Task StartAsync(CancellationToken cancellationToken) => _host.StartAsync(cancellationToken);

    /// <summary>Uploads what is left, within the bound of the options, and lets go.</summary>
    public Task StopAsync() => _host.StopAsync(CancellationToken.None);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync().ConfigureAwait(false);
        }
        else
        {
            _host.Dispose();
        }
    }

    /// <summary>Signals are the process's host's.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
