using Litestream.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Litestream.Hosting;

/// <summary>
/// Follows the configuration while the application runs. Listens to the sources of changes by itself: an
/// <c>IOptionsMonitor</c> would throw what is invalid at whoever changed the configuration. Thread-safe.
/// </summary>
internal sealed class OptionsReload(
    IOptions<LitestreamOptions> options,
    IOptionsFactory<LitestreamOptions> factory,
    IEnumerable<IOptionsChangeTokenSource<LitestreamOptions>> sources,
    IEnumerable<ConfigurationSource> configurations,
    ILogger<LitestreamHost> logger) : IDisposable
{
    private readonly Lock _lock = new(); // guards the fields below; one change at a time
    private readonly List<IDisposable> _registrations = [];

    // Configured databases that were removed while the application runs.
    private readonly HashSet<string> _released = new(StringComparer.Ordinal);
    private LitestreamOptions? _current;
    private Action<string, DatabaseOptions>? _apply;

    /// <summary>What is in effect: a copy, which only this changes.</summary>
    /// <exception cref="OptionsValidationException">The options that the application starts with are not sound.</exception>
    public LitestreamOptions Current
    {
        get
        {
            lock (_lock)
            {
                return _current ??= OptionRules.Copy(options.Value);
            }
        }
    }

    /// <summary>From now on changes are followed.</summary>
    /// <param name="apply">Takes over the options of a database that have changed; must be quick.</param>
    public void Begin(Action<string, DatabaseOptions> apply)
    {
        lock (_lock)
        {
            _apply = apply;
            foreach (var source in sources.Where(source => (source.Name ?? Options.DefaultName) == Options.DefaultName))
            {
                _registrations.Add(ChangeToken.OnChange(source.GetChangeToken, Changed));
            }
        }
    }

    /// <summary>From now on changes of one database are not, if it is a configured one: it is removed.</summary>
    public void Release(string database)
    {
        lock (_lock)
        {
            if (_current?.Databases.Remove(database) == true)
            {
                _released.Add(database);
            }
        }
    }

    /// <summary>From now on they are not.</summary>
    public void Dispose()
    {
        List<IDisposable> registrations;
        lock (_lock)
        {
            _apply = null;
            registrations = [.. _registrations];
            _registrations.Clear();
        }

        // Waits for a change in progress, which takes the lock.
        registrations.ForEach(registration => registration.Dispose());
    }

    private void Changed()
    {
        lock (_lock)
        {
            if (_apply is not { } apply || _current is not { } current)
            {
                return;
            }

            LitestreamOptions next;
            try
            {
                next = factory.Create(Options.DefaultName);
            }
            catch (Exception exception)
            {
                Log.OptionsRefused(logger, exception is OptionsValidationException invalid
                    ? string.Join("; ", invalid.Failures)
                    : exception.Message);
                return;
            }

            foreach (var released in _released)
            {
                next.Databases.Remove(released);
            }

            var root = configurations.Select(configuration => configuration.Path).FirstOrDefault(path => path.Length > 0) ?? "Litestream";
            foreach (var database in new OptionsDifference(current, root, logger).Apply(next))
            {
                apply(database, current.Databases[database]);
            }
        }
    }
}
