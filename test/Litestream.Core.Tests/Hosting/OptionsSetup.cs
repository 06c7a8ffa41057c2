using Litestream.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Litestream.Hosting;

/// <summary>An application's services as far as options need them, in a folder of their own.</summary>
internal sealed class OptionsSetup : IDisposable
{
    public TempDirectory Folder { get; } = new();

    public FakeReplicaClientFactory Stores { get; } = new("mem");

    /// <summary>The options that these calls make.</summary>
    public LitestreamOptions Make(Action<LitestreamOptions> configure) => Make(services => services.AddLitestream(configure));

    /// <summary>The options that this JSON-like configuration makes; keys are full paths.</summary>
    public LitestreamOptions Bind(params (string Key, string? Value)[] settings) => Make(services => services.AddLitestream(Section(settings)));

    /// <summary>What is wrong with the options, each error once.</summary>
    public IReadOnlyList<string> Errors(Action<LitestreamOptions> configure) => Errors(services => services.AddLitestream(configure));

    public IReadOnlyList<string> BindErrors(params (string Key, string? Value)[] settings) => Errors(services => services.AddLitestream(Section(settings)));

    /// <summary>Errors of a configuration that is sound but for these settings.</summary>
    public IReadOnlyList<string> BindErrorsBeside(params (string Key, string? Value)[] settings) => BindErrors([
        ("Litestream:Databases:app:Path", "app.db"),
        ("Litestream:Databases:app:Replicas:primary:Url", "mem://store/app"),
        .. settings]);

    /// <summary>Errors of a database that is sound but for what is changed.</summary>
    public IReadOnlyList<string> ErrorsOf(Action<DatabaseOptions> change) => Errors(options => options.AddDatabase("app", database =>
    {
        database.Path = "app.db";
        database.Replicas.Add("primary", new ReplicaOptions { Url = "mem://store/app" });
        change(database);
    }));

    public LitestreamOptions Make(Action<IServiceCollection> add)
    {
        var services = new ServiceCollection();
        services.AddSingleton(new ContentRoot(Folder.Path));
        services.AddSingleton<IReplicaClientFactory>(Stores);
        add(services);
        using var provider = services.BuildServiceProvider();
        return provider.GetRequiredService<IOptions<LitestreamOptions>>().Value;
    }

    public IReadOnlyList<string> Errors(Action<IServiceCollection> add)
    {
        try
        {
            Make(add);
            return [];
        }
        catch (OptionsValidationException e)
        {
            return [.. e.Failures];
        }
    }

    public static IConfigurationRoot Configuration(params (string Key, string? Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(pair => pair.Key, pair => pair.Value)).Build();

    public static IConfigurationSection Section(params (string Key, string? Value)[] settings) => Configuration(settings).GetSection("Litestream");

    public void Dispose() => Folder.Dispose();
}
