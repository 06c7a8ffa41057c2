namespace Litestream.Hosting;

/// <summary>Puts the databases of the options into the register, once, when the first of them is asked for. Thread-safe.</summary>
internal sealed class ConfiguredDatabases(OptionsReload options, DatabaseMaker maker, DatabaseRegister register)
{
    private readonly Lock _making = new(); // one at a time makes them; the register's lock is taken inside
    private volatile bool _made;

    /// <summary>True once they are there.</summary>
    public bool AreMade => _made;

    /// <summary>Makes them and begins nothing.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The options are not sound.</exception>
    /// <exception cref="LitestreamException">The SQLite that the application brings cannot be used.</exception>
    public void Make()
    {
        // Runs the application's own configuration, so outside the lock.
        var value = options.Current;
        lock (_making)
        {
            if (_made)
            {
                return;
            }

            foreach (var (name, database) in value.Databases.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                // An earlier attempt may have failed half way.
                if (register.Find(name) is null)
                {
                    register.TryAdd(maker.Make(name, database, value.ReleaseOnStop));
                }
            }

            _made = true;
        }
    }
}
