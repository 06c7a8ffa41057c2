using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Litestream.EntityFrameworkCore;

/// <summary>Finds what an application has registered, from a context of its.</summary>
internal static class ContextServices
{
    /// <summary>The replication that the options name, else the application's.</summary>
    public static ILitestream? FindLitestream(DbContext? context, ILitestream? named) =>
        named ?? Options(context)?.ApplicationServiceProvider?.GetService<ILitestream>();

    /// <summary>The same, for a context.</summary>
    public static ILitestream? GetLitestream(DbContext context) =>
        FindLitestream(context, Options(context)?.Interceptors?.OfType<LitestreamInterceptor>().FirstOrDefault()?.Litestream);

    /// <exception cref="InvalidOperationException">The context's database is not replicated; says why.</exception>
    public static ILitestreamDatabase GetDatabase(DbContext context)
    {
        var litestream = GetLitestream(context) ?? throw new InvalidOperationException(
            $"{context.GetType().Name} finds no replication: AddLitestream was not called on the services that the context comes from. "
            + "Where a context does not come from services, name it: UseLitestream(litestream).");
        if (context.Database.GetDbConnection() is not SqliteConnection connection)
        {
            throw new InvalidOperationException($"The database of {context.GetType().Name} is not SQLite.");
        }

        return ReplicatedDatabases.Find(litestream, connection) ?? throw new InvalidOperationException(
            $"The database of {context.GetType().Name}, '{connection.DataSource}', is not replicated. "
            + $"These are: {string.Join(", ", litestream.Databases.Select(database => $"{database.Name} ({database.Path})"))}.");
    }

    public static ILogger Logger(DbContext? context) =>
        Options(context)?.ApplicationServiceProvider?.GetService<ILoggerFactory>()?.CreateLogger("Litestream.EntityFrameworkCore")
        ?? NullLogger.Instance;

    public static TimeProvider TimeProvider(DbContext context) =>
        Options(context)?.ApplicationServiceProvider?.GetService<TimeProvider>() ?? System.TimeProvider.System;

    private static CoreOptionsExtension? Options(DbContext? context) =>
        context?.GetService<IDbContextOptions>().FindExtension<CoreOptionsExtension>();
}
