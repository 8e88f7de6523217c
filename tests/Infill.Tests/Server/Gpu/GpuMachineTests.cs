using Infill.Server.Gpu;

namespace Infill.Tests.Server.Gpu;

public sealed class GpuMachineTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("infill-machine-").FullName;

    [Fact]
    public void Another_driver_device_Vulkan_driver_or_choice_of_devices_makes_another_machine()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal) { Read().Devices };

        Put("sys/module/nvidia/version", "580.95.05\n");
        Assert.True(seen.Add(Read().Devices));
        Put("sys/bus/pci/devices/0000:01:00.0/class", "0x030200\n");
        Put("sys/bus/pci/devices/0000:01:00.0/vendor", "0x10de\n");
        Assert.True(seen.Add(Read().Devices));
        Put("sys/bus/pci/devices/0000:02:00.0/class", "0x020000\n"); // a network card
        Assert.False(seen.Add(Read().Devices));
        Put("usr/share/vulkan/icd.d/lvp_icd.json", "{}");
        Assert.True(seen.Add(Read().Devices));
        Assert.True(seen.Add(GpuMachine.Read(_root, static name => name == "CUDA_VISIBLE_DEVICES" ? "1" : null).Devices));

        Assert.Equal("580.95.05", Read().Driver);
    }

    [Fact]
    public void What_the_loader_can_find_is_told_apart_from_that()
    {
        var before = Read();

        Put("etc/ld.so.cache", "new");

        Assert.Equal(before.Devices, Read().Devices);
        Assert.NotEqual(before.Libraries, Read().Libraries);
        Assert.NotEqual(before.Libraries, GpuMachine.Read(_root, static name => name == "CUDA_PATH" ? "/opt/cuda-12" : null).Libraries);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private GpuMachine Read() => GpuMachine.Read(_root, static _ => null);

    private void Put(string path, string text)
    {
        var file = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
