using Microsoft.Extensions.Logging;

namespace Litestream.Cli.Output;

/// <summary>The library's log on the screen: warnings, and all of it when asked for.</summary>
internal sealed class ScreenLog(Screen screen, bool verbose) : ILoggerFactory, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= (verbose ? LogLevel.Debug : LogLevel.Warning);

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
        {
            return;
        }

        if (logLevel >= LogLevel.Warning)
        {
            screen.Warn(formatter(state, exception));
        }
        else
        {
            screen.Note(formatter(state, exception));
        }
    }

    public void Dispose()
    {
    }
}
