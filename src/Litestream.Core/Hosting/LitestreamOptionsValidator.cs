using Microsoft.Extensions.Options;

namespace Litestream.Hosting;

/// <summary>
/// Checks the options as a whole when they are made, so that an application with a mistake in them does not start, and
/// says everything that is wrong at once. Messages carry configuration paths also for options set in code.
/// </summary>
internal sealed class LitestreamOptionsValidator(IEnumerable<ConfigurationSource> sources, DatabaseChecks checks) : IValidateOptions<LitestreamOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, LitestreamOptions options)
    {
        if (name != Options.DefaultName)
        {
            return ValidateOptionsResult.Skip;
        }

        var unreadable = new ConfigurationErrors();
        foreach (var source in sources)
        {
            source.Bind(new LitestreamOptions(), unreadable);
        }

        var errors = new ConfigurationErrors(unreadable);
        Check(options, errors);
        return errors.Messages.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors.Messages);
    }

    private void Check(LitestreamOptions options, ConfigurationErrors errors)
    {
        DatabaseRules.CheckDuration(
            DatabaseChecks.At(checks.Root, nameof(options.ShutdownSyncTimeout)), options.ShutdownSyncTimeout, zeroAllowed: false, errors);
        DatabaseChecks.CheckCase(DatabaseChecks.At(checks.Root, nameof(options.Databases)), options.Databases.Keys, "databases", errors);
        var locations = new LocationRules();
        foreach (var (name, database) in options.Databases.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            checks.Check(name, database, locations, errors);
        }
    }
}
