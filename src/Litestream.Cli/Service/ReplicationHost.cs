using Litestream.Yaml;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;

namespace Litestream.Cli.Service;

/// <summary>
/// The process that replicates: on a console, in a container, as a Windows Service (with the Event Log), or for systemd.
/// </summary>
internal static class ReplicationHost
{
    private const string ServiceName = "Litestream";

    /// <summary>Runs until a signal, the service manager, or the end of the program beside it. Returns the exit code.</summary>
    public static async Task<int> RunAsync(Func<YamlFile> read, string? exec, bool json)
    {
        var first = read();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = Environment.CurrentDirectory });
        Log(builder.Logging, first.Logging, json);
        builder.Services.AddWindowsService(options => options.ServiceName = ServiceName);
        AddSystemd(builder.Services);

        // The last upload has its own bound; the program beside us is waited for, as long as the service manager lets us.
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = Timeout.InfiniteTimeSpan);
        builder.Services.AddSingleton(provider => new ReplicationService(
            first,
            read,
            exec,
            provider.GetRequiredService<IHostApplicationLifetime>(),
            provider.GetService<ISystemdNotifier>(),
            provider.GetRequiredService<ILoggerFactory>()));
        builder.Services.AddHostedService(provider => provider.GetRequiredService<ReplicationService>());
        builder.Services.AddHostedService(provider => new Watchdog(
            provider.GetRequiredService<ReplicationService>(), provider.GetService<ISystemdNotifier>(), TimeProvider.System));
        using var host = builder.Build();
        await host.StartAsync().ConfigureAwait(false);
        await host.WaitForShutdownAsync().ConfigureAwait(false);
        return host.Services.GetRequiredService<ReplicationService>().ExitCode;
    }

    // Not AddSystemd by itself: it looks for systemd as the parent, and a notify socket may also come from a supervisor between.
    private static void AddSystemd(IServiceCollection services)
    {
        if (SystemdHelpers.IsSystemdService())
        {
            services.AddSystemd();
        }
        else if (OperatingSystem.IsLinux() && !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NOTIFY_SOCKET")))
        {
            services.AddSingleton<ISystemdNotifier, SystemdNotifier>();
            services.AddSingleton<IHostLifetime, SystemdLifetime>();
        }
    }

    private static void Log(ILoggingBuilder logging, YamlLogging settings, bool json)
    {
        logging.SetMinimumLevel(settings.Level switch
        {
            "debug" => LogLevel.Debug,
            "warn" => LogLevel.Warning,
            "error" => LogLevel.Error,
            _ => LogLevel.Information,
        });

        // What the host says of itself is of no interest, and why it did not start is the command's to say.
        logging.AddFilter("Microsoft", LogLevel.None);
        if (json || settings.Type == "json")
        {
            logging.AddJsonConsole(options => options.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'");
        }
        else if (SystemdHelpers.IsSystemdService())
        {
            // The journal has times of its own.
            logging.AddSystemdConsole();
        }
        else
        {
            logging.AddSimpleConsole(options =>
            {
                options.SingleLine = true;
                options.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
            });
        }

        logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(
            options => options.LogToStandardErrorThreshold = settings.ToStandardError ? LogLevel.Trace : LogLevel.None);
        logging.Services.Configure<Microsoft.Extensions.Logging.Console.SimpleConsoleFormatterOptions>(options => options.UseUtcTimestamp = true);
        logging.Services.Configure<Microsoft.Extensions.Logging.Console.JsonConsoleFormatterOptions>(options => options.UseUtcTimestamp = true);
    }
}
