using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using Litestream.Platforms;
using Xunit.Sdk;

// usage: Litestream.Platforms [--list] [--only TEXT]... [--not TEXT]... [--threads N] [--patience SECONDS] ASSEMBLY...
// Runs the tests of the assemblies whose full names contain one of the texts (--list: prints their classes), and closes with "N passed, N failed, N skipped".
List<string> only = [], not = [], names = [];
var threads = 0;
var patience = 300;
var list = false;
for (var i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--only": only.Add(args[++i]); break;
        case "--not": not.Add(args[++i]); break;
        case "--threads": threads = int.Parse(args[++i], CultureInfo.InvariantCulture); break;
        case "--patience": patience = int.Parse(args[++i], CultureInfo.InvariantCulture); break;
        case "--list": list = true; break;
        default: names.Add(args[i]); break;
    }
}

if (!list)
{
    Console.WriteLine($"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}, .NET {Environment.Version}");
}

using var results = new Results(Console.Out);
foreach (var name in names)
{
    var assembly = Assembly.Load(new AssemblyName(name));
    using var framework = new XunitTestFramework(results);
    using var discoverer = framework.GetDiscoverer(Reflector.Wrap(assembly));
    var tests = new TestCases();
    discoverer.Find(includeSourceInformation: false, tests, new Settings());
    var chosen = tests.All()
        .Where(test => (only.Count == 0 || only.Exists(test.DisplayName.Contains)) && !not.Exists(test.DisplayName.Contains))
        .ToList();
    if (list)
    {
        foreach (var type in chosen.Select(test => test.TestMethod.TestClass.Class.Name).Distinct().Order(StringComparer.Ordinal))
        {
            Console.WriteLine(type);
        }

        continue;
    }

    var settings = new Settings();
    if (threads > 0)
    {
        settings.SetValue<int?>(Settings.MaxParallelThreads, threads);
    }

    using var executor = framework.GetExecutor(assembly.GetName());
    results.Finished.Reset();
    executor.RunTests(chosen, results, settings);
    if (!results.Wait(TimeSpan.FromSeconds(patience)))
    {
        Environment.Exit(results.Close());
    }
}

return list ? 0 : results.Close();
