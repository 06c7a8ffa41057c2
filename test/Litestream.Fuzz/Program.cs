using Litestream.Fuzz;
using SharpFuzz;

switch (args)
{
    // What afl-fuzz starts; the library has been instrumented by then.
    case ["afl", var name] when FuzzTarget.Find(name) is { } target:
        Fuzzer.OutOfProcess.Run(stream =>
        {
            using var input = new MemoryStream();
            stream.CopyTo(input);
            target.Run(input.ToArray());
        });
        return 0;
    case ["seeds", var name, var folder] when FuzzTarget.Find(name) is { } target:
        Directory.CreateDirectory(folder);
        var number = 0;
        foreach (var seed in target.Seeds())
        {
            File.WriteAllBytes(Path.Combine(folder, $"seed-{number++}"), seed);
        }

        return 0;
    case ["play", var name, .. var files] when FuzzTarget.Find(name) is { } target:
        foreach (var file in files)
        {
            Console.WriteLine(file);
            target.Run(File.ReadAllBytes(file));
        }

        return 0;
    default:
        Console.Error.WriteLine($"""
            play TARGET FILE...      one input after the other, as the fuzzer and the tests do
            seeds TARGET FOLDER      writes what the fuzzer begins with
            afl TARGET               what afl-fuzz starts; test/Litestream.Fuzz/fuzz does all of it
            targets: {string.Join(", ", FuzzTarget.All.Select(target => target.Name))}
            """);
        return 2;
}
