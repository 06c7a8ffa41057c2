using System.Globalization;
using Litestream.Compare;
using Litestream.Compare.Measuring;
using Litestream.Compare.Sections;
using Litestream.Compare.Worker;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args is ["worker", .. var work])
{
    return await WorkerProgram.RunAsync(work);
}

if (!OperatingSystem.IsLinux())
{
    Console.Error.WriteLine("It measures processes by what Linux tells of them.");
    return 2;
}

if (Settings.Parse(args, RepositoryFolder.Find()) is not { } settings)
{
    Console.Error.WriteLine(Settings.Usage);
    return 2;
}

if (settings.Litestream is null)
{
    Console.Error.WriteLine("The real litestream is not there (npm ci in test/interop brings it): this library alone is measured.");
}

ISection[] all = settings.Growth
    ? [new GrowthSection()]
    : [new CaptureSection(), new SnapshotSection(), new RestoreSection(), new CommitSection(), new LagSection(), new IdleSection(), new StoreSection(), new WaitingSection()];
var scratch = Directory.CreateTempSubdirectory("litestream-net-compare-").FullName;
var results = new Results();
var failed = false;
try
{
    var contest = new Contest(settings, results, scratch);
    foreach (var section in all.Where(section => settings.Growth || settings.Sections.Contains(section.Letter, StringComparison.Ordinal)))
    {
        if (settings.PrepareOnly && section is not (RestoreSection or GrowthSection))
        {
            continue;
        }

        Console.Error.WriteLine($"{DateTime.Now:HH:mm:ss} {section.Title}");
        try
        {
            await section.RunAsync(contest);
        }
        catch (Exception exception) when (exception is InvalidOperationException or TimeoutException or IOException)
        {
            // What the other sections say is still worth something.
            failed = true;
            results.Note(section.Letter, $"FAILED: {exception.Message}");
        }
    }

    if (settings.PrepareOnly)
    {
        return failed ? 1 : 0;
    }

    var machine = Machine.Describe(scratch, settings.Quick);
    var markdown = Report.ToMarkdown(results, all.ToDictionary(section => section.Letter, section => section.Title), machine);
    Directory.CreateDirectory(settings.Output);
    await File.WriteAllTextAsync(Path.Combine(settings.Output, "results.md"), markdown);
    await File.WriteAllTextAsync(Path.Combine(settings.Output, "results.json"), Report.ToJson(results, machine, settings));
    Console.WriteLine(markdown);
    return failed ? 1 : 0;
}
finally
{
    Directory.Delete(scratch, recursive: true);
}
